"""The robot's side: the link to robots, conversation, Puppet Mode and its pages."""

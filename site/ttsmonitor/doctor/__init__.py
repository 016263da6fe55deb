"""The doctor: it looks at the chain from the robot's server to the loudspeaker, link by link."""

"""What messages are made of: their fields, and the orders that a control may give.

No Django here.
"""

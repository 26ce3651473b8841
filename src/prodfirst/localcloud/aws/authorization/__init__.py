"""From a call to its decision: actions, resources, context, policies, and the answer of `access/aws`."""

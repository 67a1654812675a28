"""What the cloudwatch source is made of: inventory in, metrics asked for, answers out."""

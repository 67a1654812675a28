"""What the elasticsearch source is made of: endpoints, which of them are kept, questions, and what answers mean."""

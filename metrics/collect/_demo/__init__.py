"""What the demo source is made of: calendar and noise, the plan of its stories, the world, its series and events."""

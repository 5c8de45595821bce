"""Jobs at night, each hour, and when somebody asks."""

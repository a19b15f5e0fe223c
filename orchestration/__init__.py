"""When and how the assets run: jobs, schedules, sensors, resources, and the table of contents."""

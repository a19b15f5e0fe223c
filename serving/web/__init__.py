"""The pages that people see: plain HTML of our own templates, which work without scripts."""

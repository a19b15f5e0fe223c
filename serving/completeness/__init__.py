"""Completeness: does the warehouse hold all that a provider lists, per object and day?"""

"""What shall be done about a payment that failed, and did it help?"""

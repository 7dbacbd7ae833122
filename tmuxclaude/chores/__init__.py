"""What is done for a user without the supervisor: installing, checking, carrying, coming back."""

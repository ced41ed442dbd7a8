"""What looks by itself: new exports, runs that died, reports of failed runs."""

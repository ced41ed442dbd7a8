"""What must hold, shown as asset checks; most are made from the schemas by one factory."""

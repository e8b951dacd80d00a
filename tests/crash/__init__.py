"""Runs that are killed, and disks that fill: what is published stays whole, and the next run goes on."""

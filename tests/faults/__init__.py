"""What happens to reports when processes die, disks fill and connections break."""

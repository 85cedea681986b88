"""What a release is made of: wheel, source, Debian package, bill of materials, checksums."""

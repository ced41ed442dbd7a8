"""A judge of adoption: whether a reimport over an older import took each row for the record it came from."""

"""Orders: what is in them, and what they cost."""


def total(lines):
    return sum(line["price"] * line["count"] for line in lines)

"""The first impression: two requests on embedded digits, told in sentences that are computed."""

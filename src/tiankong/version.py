"""The version; packaging reads it from here."""

VERSION = "0.2.0"

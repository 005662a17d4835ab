"""Every system a user might pick instead, trained and measured side by side on one prepared corpus."""

"""Mail: SMTP by aiosmtplib, messages rendered by Jinja2."""

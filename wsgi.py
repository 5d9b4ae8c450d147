"""What a WSGI server and Celery are pointed at."""

from network_api.app import create_app

app = create_app()
celery = app.extensions["celery"]

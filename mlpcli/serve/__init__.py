"""`mlpcli serve`: a page and an API for trained models.

The files, in reading order:

- limits.py: what one request may ask for, and errors as JSON
- models.py: the models that are served, opened once, and again when their files change
- rows.py: rows of a JSON request as rows of a table
- quick_rows.py: the same for rows whose cells are all usual, at once
- answering.py: what was sent, predicted as by `mlpcli predict`
- requests.py: the body of a request: JSON, or the parts of a form
- feedback.py: corrections, added to a CSV
- metrics.py: counts for Prometheus
- service.py: what all endpoints share
- describe.py: what a model takes and predicts, as JSON
- api.py: /predict and mlpcli's other own endpoints
- kserve_v1.py: /v1, as TensorFlow Serving and KServe have it
- tensors.py: tensors of the Open Inference Protocol
- open_inference.py: /v2, the Open Inference Protocol
- invocations.py: /invocations, as MLflow has it
- openapi.py: the document about all of them
- pages.py: page.html for people, docs.html about the API
- app.py: the application: who may ask, and how many at a time
- server.py: the process: its socket and its signals
"""

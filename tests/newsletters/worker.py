"""A worker process of its own: sends an issue as the jobs would. Run as `python -m tests.newsletters.worker ISSUE_ID`."""

import sys

from bson import ObjectId

from network_api.app import create_app
from newsletters import dispatch


def main() -> None:
    with create_app().app_context():
        print("ready", flush=True)
        sys.stdin.readline()  # until the test says go, so that several begin together
        while dispatch.work(ObjectId(sys.argv[1])):
            pass


if __name__ == "__main__":
    main()

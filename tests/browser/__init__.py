"""What tests see of pages and letters through a real browser, and what an HTML validator and axe say of them.

The validator (the Nu Html Checker, which needs Java) and axe-core come from npm: `make browser-tools`. The browser is
Debian's Chromium. On a laptop that lacks one of them these tests are skipped; where CI is set, they fail.
"""

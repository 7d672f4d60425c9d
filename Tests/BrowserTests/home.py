"""The start page as somebody uses it."""


class Home:
    def __init__(self, person):
        self.person, self.page = person, person.page

    def open(self):
        self.page.goto(f"{self.person.server.url}/")
        self.page.get_by_role("heading", name="Workflows", level=1).wait_for()
        self.person.until("() => document.getElementById('total').textContent !== '' || !document.getElementById('empty').hidden || !document.getElementById('trouble').hidden")
        return self

    def card(self, title):
        return self.page.get_by_role("list", name="Workflows").get_by_role("listitem").filter(has_text=title)

    def search(self, words):
        self.page.get_by_role("searchbox", name="Search workflows").fill(words)

    def create(self, title, begin="Empty"):
        """Ends on the canvas of the new workflow; its id."""
        self.page.get_by_role("button", name="New workflow").click()
        dialog = self.page.get_by_role("dialog", name="New workflow")
        dialog.get_by_label("Title").fill(title)
        dialog.get_by_text(begin, exact=True).click()
        dialog.get_by_role("button", name="Create", exact=True).click()
        self.page.wait_for_url("**/w/*")
        self.person.until("() => document.body.dataset.state === 'live'")
        return self.page.url.rsplit("/", 1)[1]

    def take(self, *files):
        """Imports files; the dialog that reports on them."""
        self.page.get_by_label("Canvas files").set_input_files([str(file) for file in files])
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Done").wait_for()
        return dialog

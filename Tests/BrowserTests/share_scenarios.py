"""Scenarios of who may do what: share links and roles, given and taken away while people are there."""
import re, time
from playwright.sync_api import expect

from access import LOOK, faults_of
from canvas import Canvas
from host import secret, signed

# Told at once: within a second, on a machine that does nothing else. A busy one is given more before the scenario fails, and the time is told.
AT_ONCE = 1.0


def share(canvas):
    """Opens the dialog."""
    canvas.page.get_by_role("button", name="Share", exact=True).click()
    dialog = canvas.page.get_by_role("dialog", name=re.compile("^Share"))
    dialog.get_by_role("list", name="Members").wait_for()
    return dialog


def make_member(dialog, who, role):
    """Somebody who becomes a member; returns where their role is chosen."""
    dialog.get_by_label("Who becomes a member").fill(who)
    dialog.get_by_label("Role of the new member").select_option(role)
    dialog.get_by_role("button", name="Add", exact=True).click()
    chosen = dialog.get_by_label(f"Role of {who}")
    chosen.wait_for()
    return chosen


def told(stage, what, began):
    took = time.time() - began
    print(f"  {what}: told within {took:.2f} s", flush=True)
    stage.out.joinpath(f"told-{what.replace(' ', '-')}.txt").write_text(f"{took:.3f}\n")
    assert took < 5 * AT_ONCE, f"{what}: told after {took:.1f} s"


def share_by_link(stage):
    """An owner makes a link for viewers; who opens it looks and cannot edit, its secret is nowhere in the address; revoked, they are told at once and cannot come back."""
    ada = stage.canvas("ada", create=True)
    node = ada.add("Number", (200, 200))
    ada.is_saved()
    dialog = share(ada)
    dialog.get_by_label("Name of the link").fill("For the review")
    dialog.get_by_role("button", name="Create link").click()
    link = dialog.get_by_label("The new link").input_value()
    assert re.fullmatch(rf"{re.escape(stage.server.url)}/w/{stage.workflow}#share=\S+", link), link
    expect(dialog.get_by_role("list", name="Links")).to_contain_text("For the review")
    ada.person.picture(stage.out, "share")

    guest = Canvas(stage.person("guest", token=False))
    guest.workflow = stage.workflow
    guest.page.goto(link)
    guest.live()
    assert guest.page.url == f"{stage.server.url}/w/{stage.workflow}", guest.page.url
    guest.has_nodes(node)
    expect(guest.saved).to_have_text("Read only")
    expect(guest.tool("Undo")).to_have_attribute("aria-disabled", "true")
    guest.page.reload()
    guest.live()
    guest.has_nodes(node)
    # The dialog says what a guest may not see.
    guest.page.get_by_role("button", name="Share", exact=True).click()
    expect(guest.page.get_by_role("dialog")).to_contain_text("Only owners give links and roles.")
    guest.page.keyboard.press("Escape")
    guest.person.excuse()

    began = time.time()
    dialog.get_by_role("button", name="Revoke: For the review").click()
    guest.page.get_by_role("heading", name="This link is no longer valid.").wait_for()
    told(stage, "link revoked", began)
    guest.person.picture(stage.out, "share-revoked")
    guest.page.get_by_role("button", name="Try again").click()
    guest.page.get_by_role("heading", name="This link is no longer valid.").wait_for()
    expect(dialog.get_by_role("list", name="Links")).to_have_count(0)
    # With a token of one's own one may come all the same.
    guest.page.get_by_role("button", name="Use my own access").click()
    guest.page.get_by_label("Access token").fill(secret("bo"))
    guest.page.get_by_role("button", name="Enter").click()
    guest.live()
    ada.page.keyboard.press("Escape")
    stage.same_everywhere(ada, guest)


def share_a_role(stage):
    """An owner raises a viewer to editor and lowers them again, while both are there and while one is away; each time the other is told, and nothing is lost in silence."""
    ada = stage.canvas("ada", create=True)
    node = ada.add("Number", (200, 200))
    ada.is_saved()
    dialog = share(ada)
    role = make_member(dialog, "fay", "viewer")
    fay = stage.canvas("fay")
    fay.has_nodes(node)
    expect(fay.saved).to_have_text("Read only")
    began = time.time()
    role.select_option("editor")
    fay.page.get_by_text("You are an editor here now.").first.wait_for()
    told(stage, "role raised", began)
    # To write it needs a replica id, and comes back for one.
    fay.until("thaiyyal.can('edit')")
    fay.configure(node, "Value", 5)
    ada.has_data(node, "value", 5)
    ada.person.picture(stage.out, "share-members")

    began = time.time()
    role.select_option("viewer")
    fay.page.get_by_text("You are a viewer here now.").first.wait_for()
    told(stage, "role lowered", began)
    fay.until("!thaiyyal.can('edit')")

    # Somebody works without a network while their role is lowered: each change is refused, listed with the reason, and gone from the canvas.
    role.select_option("editor")
    fay.until("thaiyyal.can('edit') && thaiyyal.client.link.state === 'live'")
    fay.person.offline(True)
    fay.until("thaiyyal.client.link.state !== 'live'")
    for at in range(7):
        fay.configure(node, "Value", at + 11)
    fay.waiting(7)
    role.select_option("viewer")
    ada.until("document.getElementById('live').textContent.includes(arg)", "fay can look now.")
    fay.person.offline(False)
    fay.live()
    fay.person.settle()
    entries = fay.page.get_by_role("list", name="Not saved")
    expect(entries.get_by_role("listitem")).to_have_count(7)
    expect(fay.page.get_by_text("7 changes not saved")).to_be_visible()
    expect(entries.get_by_role("listitem").first).to_contain_text("may not write")
    # All can be reached, and the list stays within the canvas.
    entries.get_by_role("listitem").last.scroll_into_view_if_needed()
    box, field = fay.page.locator("#refusals").bounding_box(), fay.page.locator("#field").bounding_box()
    assert box["y"] + box["height"] <= field["y"] + field["height"], (box, field)
    fay.person.picture(stage.out, "refused")
    fay.until("JSON.stringify(thaiyyal.document.node(arg[0]).data) === JSON.stringify(arg[1])", [node, ada.data(node)])
    assert ada.data(node).get("value") not in range(11, 18)
    entries.get_by_role("listitem").last.get_by_role("button", name="Dismiss").click()
    expect(entries.get_by_role("listitem")).to_have_count(6)
    fay.page.get_by_role("button", name="Dismiss all").click()
    expect(fay.page.locator("#refusals")).to_be_hidden()
    ada.page.keyboard.press("Escape")
    stage.same_everywhere(ada, fay)


def access_renewed(stage):
    """A token that is about to end is asked for while one works, and taken without a reconnect; when it has ended, what is done meanwhile waits for a fresh one."""
    ada = stage.canvas("ada", create=True)
    node = ada.add("Number", (200, 200))
    ada.is_saved()
    dialog = share(ada)
    make_member(dialog, "fay", "editor")
    ada.page.keyboard.press("Escape")

    fay = Canvas(stage.person("fay"))
    fay.page.clock.install()
    fay.open(stage.workflow).select(node)
    fay.page.clock.fast_forward(3545_000)  # of the 3600 s that the token is good for
    form = fay.page.get_by_role("form", name="Your access ends soon.")
    form.wait_for()
    value = fay.field("Value")
    value.fill("7")
    value.press("Tab")
    ada.has_data(node, "value", 7)
    fay.person.picture(stage.out, "access-ends")
    form.get_by_label("Access token").fill(signed("eve"))
    form.get_by_role("button", name="Enter").click()
    form.get_by_role("alert").wait_for()
    # One token a second.
    fay.page.wait_for_timeout(1100)
    form.get_by_label("Access token").fill(signed("fay", 3))
    fay.page.keyboard.press("Enter")
    form.wait_for(state="hidden")
    assert fay.js("thaiyyal.client.counters.joins") == 1
    fay.is_saved()

    # This time nobody gives one before it ends.
    ended = fay.page.get_by_role("form", name="Your access has ended.")
    ended.wait_for()
    fay.configure(node, "Label", "Meanwhile")
    fay.waiting(1)
    ended.get_by_label("Access token").fill("no token at all")
    fay.page.keyboard.press("Enter")
    expect(ended.get_by_role("alert")).to_have_text("The server does not take that token.")
    faults = fay.page.evaluate(LOOK)
    assert not faults, faults
    fay.person.picture(stage.out, "access-ended")
    fresh = signed("fay")
    ended.get_by_label("Access token").fill(fresh)
    fay.page.keyboard.press("Enter")
    expect(ended).to_have_count(0)
    fay.live().is_saved()
    ada.has_data(node, "label", "Meanwhile")
    assert fay.js("sessionStorage.getItem('thaiyyal.token') === arg", fresh), "it is the one of this tab from now on"
    stage.same_everywhere(ada, fay)


def share_from_home(stage):
    """The same dialog on the start page; it can be reached and read in both themes."""
    ada = stage.canvas("ada", create=True)
    ada.add("Number")
    ada.is_saved()
    for theme in ("light", "dark"):
        home = stage.home("ada", theme=theme)
        home.search(stage.workflow)
        home.card(stage.workflow).hover()
        home.page.get_by_role("button", name=f"Share: {stage.workflow}").click()
        dialog = home.page.get_by_role("dialog", name=re.compile("^Share"))
        dialog.get_by_role("list", name="Members").wait_for()
        dialog.get_by_role("button", name="Create link").click()
        dialog.get_by_label("The new link").wait_for()
        faults = faults_of(home.page)
        assert not faults, faults
        home.person.picture(stage.out, f"share-home-{theme}")


all = [share_by_link, share_a_role, access_renewed, share_from_home]

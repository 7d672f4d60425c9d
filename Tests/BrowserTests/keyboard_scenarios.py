"""Scenarios without a mouse, and of the menus that a mouse opens too."""
import re
from playwright.sync_api import expect

from access import LOOK


def by_keyboard(stage):
    """A whole workflow without a mouse: nodes, a connection, its end elsewhere in one step, a menu, standing in line, undo."""
    ada = stage.canvas("ada", create=True)
    page, field = ada.page, ada.page.locator("#field")

    def choose(key, label, words):
        field.focus()
        page.keyboard.press(key)
        page.get_by_role("combobox", name=re.compile(label)).fill(words)
        page.keyboard.press("Enter")

    def add(words):
        before = ada.nodes
        choose("a", "Add a node", words)
        ada.until("thaiyyal.selection.single && !arg.includes(thaiyyal.selection.single)", before)
        return ada.js("thaiyyal.selection.single")

    def menu(name, first=""):
        field.focus()
        page.keyboard.press("Shift+F10")
        shown = page.get_by_role("menu")
        shown.wait_for()
        assert page.evaluate("() => document.activeElement.getAttribute('role')") == "menuitem"
        while page.evaluate("() => document.activeElement.querySelector('span').textContent") != name:
            page.keyboard.press(first or "ArrowDown")
        page.keyboard.press("Enter")
        expect(shown).to_have_count(0)

    number, sum, shown = add("number"), add("operation"), add("visualization")
    field.focus()
    page.keyboard.press("Escape")
    while ada.js("thaiyyal.selection.single") != number:
        page.keyboard.press("Tab")
    choose("c", "Connect Number to", "operation")
    ada.has_edges((number, sum))
    # The edge is selected now: the same key leads it elsewhere.
    choose("c", "Lead from Number to", "visual")
    ada.has_edges((number, shown))
    menu("Come from another node…", "c")
    page.get_by_role("combobox", name="Lead to Visualization from").fill("operation")
    page.keyboard.press("Enter")
    ada.has_edges((sum, shown))
    menu("Remove")
    ada.has_edges()

    field.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Shift+ArrowRight")
    menu("Align left", "A")
    ada.until("new Set([...thaiyyal.document.nodeIds()].map((id) => thaiyyal.document.node(id).fields.position.x)).size === 1")
    menu("Spread evenly down")
    for _ in range(2):
        field.focus()
        page.keyboard.press("Control+z")
    ada.is_saved()
    stage.same_everywhere(ada)


def menus_by_mouse(stage):
    """The right button opens what can be done with what is under it; a viewer is told why not; a menu can be read in both themes."""
    ada = stage.canvas("ada", create=True)
    node = ada.add("Number", (200, 200))
    ada.is_saved()
    page = ada.page
    ada.node(node).click(button="right")
    shown = page.get_by_role("menu", name="1 node")
    ada.person.picture(stage.out, "menu")
    shown.get_by_role("menuitem", name="Copy").click()
    page.locator("#field").click(button="right", position={"x": 500, "y": 160})
    page.get_by_role("menu", name="Canvas").get_by_role("menuitem", name="Paste").click()
    ada.until("thaiyyal.graph.nodes.size === 2")
    pasted = ada.position(ada.js("thaiyyal.selection.single"))
    assert pasted != ada.position(node), "it lies where the menu was opened"
    page.keyboard.press("Delete")
    ada.until("thaiyyal.graph.nodes.size === 1")
    ada.node(node).click(button="right")
    shown.get_by_role("menuitem", name="Duplicate").click()
    ada.until("thaiyyal.graph.nodes.size === 2")
    page.locator("#field").click(button="right", position={"x": 500, "y": 420})
    page.get_by_role("menu", name="Canvas").get_by_role("menuitem", name="Add a node here…").click()
    page.get_by_role("combobox", name="Add a node").fill("text input")
    page.keyboard.press("Enter")
    ada.until("thaiyyal.graph.nodes.size === 3")
    for theme in ("light", "dark"):
        cy = stage.canvas("cy", theme=theme)
        cy.node(node).click(button="right", position={"x": 6, "y": 6})  # its duplicate lies over it
        shown = cy.page.get_by_role("menu", name="1 node")
        expect(shown.get_by_role("menuitem", name="Remove")).to_have_attribute("aria-disabled", "true")
        expect(shown.get_by_role("menuitem", name="Remove")).to_have_attribute("title", re.compile("viewer"))
        faults = cy.page.evaluate(LOOK)
        assert not faults, faults
        cy.page.keyboard.press("Escape")
        expect(shown).to_have_count(0)
    ada.is_saved()
    stage.same_everywhere(ada)


def many_people(stage):
    """Whoever has no mark of their own in the bar is found behind it, and can be followed."""
    ada = stage.canvas("ada", create=True)
    ada.add("Number", (200, 200))
    ada.is_saved()
    bots = [stage.bot("--name", f"Robot {index}", "--count", "1000000", "--rate", "1", "--seed", str(index)) for index in range(8)]
    page = ada.page
    more = page.get_by_role("list", name="Who is here").get_by_role("button", name=re.compile("more:"))
    expect(more).to_have_text("+3")
    more.click()
    menu = page.get_by_role("menu", name="More people")
    expect(menu.get_by_role("menuitem")).to_have_count(3)
    ada.person.picture(stage.out, "many-people")
    name = menu.get_by_role("menuitem").last.text_content()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(page.locator("#following")).to_contain_text(name.replace("Follow ", "Following "))
    page.keyboard.press("Escape")
    for bot in bots:
        bot.kill()


all = [by_keyboard, menus_by_mouse, many_people]

"""What keeps somebody without a mouse, or with weak eyes, from a page. Sources: WCAG 2.2, success criteria 1.4.3, 1.4.10, 2.1.1, 4.1.2; WAI-ARIA 1.2."""

# Contrast of each run of text with what is drawn behind it, names of controls, and which of them the Tab key should reach.
LOOK = """() => {
  const faults = [];
  const shown = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !element.closest('[aria-hidden="true"], .unseen, .skip');
  const words = (element) => `<${element.tagName.toLowerCase()}${element.id ? ` #${element.id}` : ''}${element.className?.baseVal ?? element.className ? ` .${String(element.className?.baseVal ?? element.className).replaceAll(' ', '.')}` : ''}> ${element.textContent.trim().slice(0, 30)}`;
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const colour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = '#000';
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return { r, g, b, a: a / 255 };
  };
  const over = (top, below) => ({
    r: top.r * top.a + below.r * (1 - top.a), g: top.g * top.a + below.g * (1 - top.a), b: top.b * top.a + below.b * (1 - top.a), a: 1,
  });
  const light = ({ r, g, b }) => {
    const [x, y, z] = [r, g, b].map((each) => { const part = each / 255; return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    const layers = [];
    for (let each = element; each; each = each.parentElement) layers.push(colour(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, top) => (top.a > 0 ? over(top, below) : below), colour(getComputedStyle(document.documentElement).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches ? '#121212' : '#fff'));
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const looked = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (looked.has(element) || walker.currentNode.data.trim() === '' || !shown(element) || element.closest('script, noscript, option')) continue;
    looked.add(element);
    const open = document.querySelector('dialog[open]');
    if (open && !open.contains(element)) continue;
    // What cannot be used, and what stands back on purpose, is left out, as the criterion does.
    if (element.closest(':disabled, [aria-disabled="true"], .skipped')) continue;
    const style = getComputedStyle(element);
    const behind = ground(element);
    const [a, b] = [light(over(colour(style.color), behind)), light(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed) faults.push(`contrast ${ratio.toFixed(2)} of ${needed}: ${words(element)}`);
  }
  const named = (element) => [element.getAttribute('aria-label'), ...(element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent),
    ...[...(element.labels ?? [])].map((label) => label.textContent), element.tagName === 'INPUT' ? '' : element.textContent, element.getAttribute('alt')].some((text) => (text ?? '').trim() !== '');
  const controls = 'a[href], button, input, select, textarea, summary, [role], [tabindex]';
  for (const element of document.querySelectorAll(controls)) {
    if (!shown(element)) continue;
    const role = element.getAttribute('role');
    if (['separator', 'status', 'alert', 'presentation', 'none'].includes(role)) continue;
    if (!named(element) && !element.querySelector('[alt]:not([alt=""])')) faults.push(`no name: ${words(element)}`);
    const acts = element.matches('[onclick], [tabindex]') && !role && !element.matches('a, button, input, select, textarea, summary, ul, section, main');
    if (acts) faults.push(`no role: ${words(element)}`);
  }
  // A page is as wide as its window: what is beyond is out of sight, and scrolls all else away.
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`wider than the window: ${document.documentElement.scrollWidth} of ${innerWidth}`);
  return faults;
}"""

# What the Tab key should reach: of a group with one stop (toolbar, tabs, listbox, radio buttons) that one.
STOPS = """() => {
  const open = document.querySelector('dialog[open]') ?? document.body;
  const all = [...open.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((element) => element.tabIndex >= 0
    && !element.disabled && element.checkVisibility({ visibilityProperty: true }) && !element.closest('[inert]') && !(element.type === 'radio' && !element.checked));
  all.forEach((element, index) => { element.dataset.stop = index; });
  return all.map((element) => `${element.tagName.toLowerCase()} ${element.id} ${element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 30)}`);
}"""


def faults_of(page):
    """In words; empty when there is none. The Tab key is really pressed."""
    faults = page.evaluate(LOOK)
    stops = page.evaluate(STOPS)
    page.evaluate("() => { document.activeElement?.blur(); getSelection().removeAllRanges(); }")
    reached = set()
    for _ in range(len(stops) * 2 + 20):
        page.keyboard.press("Tab")
        at = page.evaluate("() => document.activeElement?.dataset?.stop ?? ''")
        if at != "":
            reached.add(int(at))
        if len(reached) == len(stops):
            break
    faults += [f"the Tab key does not reach: {name}" for index, name in enumerate(stops) if index not in reached]
    page.evaluate("() => { for (const element of document.querySelectorAll('[data-stop]')) delete element.dataset.stop; }")
    return faults

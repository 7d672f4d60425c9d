import { make, say } from "./dom.js";
import { icon } from "./icons.js";

/** Zoom at the lower right. The map sits above it. */
export class Corner {
  constructor(host, app) {
    const button = (id, label, name, act) => make("button", { type: "button", class: "plain icon", id, title: label, "aria-label": label, onClick: act }, icon(name, 16));
    const { viewport } = app;
    this.value = make("button", { type: "button", class: "plain", id: "zoom-value", title: "Full size (0)", "aria-label": "Full size", onClick: () => viewport.zoomBy(1 / viewport.zoom) });
    this.map = make("div", { class: "map" });
    host.append(this.map, make("nav", { class: "zoom", "aria-label": "Zoom" },
      button("zoom-out", "Zoom out (−)", "minus", () => viewport.zoomBy(0.8)), this.value,
      button("zoom-in", "Zoom in (+)", "plus", () => viewport.zoomBy(1.25)), button("zoom-fit", "Fit everything (F)", "fit", () => app.fit())));
    app.paint("stage", () => say(this.value, `${Math.round(viewport.zoom * 100)} %`));
  }
}

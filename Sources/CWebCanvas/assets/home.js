import { keepUserName, recentWorkflows, userName } from "./settings.js";

const element = (id) => document.getElementById(id);

element("name").value = userName();
element("open").addEventListener("submit", (event) => {
  event.preventDefault();
  keepUserName(element("name").value.trim() || userName());
  location.assign(`/w/${encodeURIComponent(element("workflow").value)}`);
});

const recent = recentWorkflows();
element("recent").hidden = recent.length === 0;
for (const id of recent) {
  const link = document.createElement("a");
  link.href = `/w/${encodeURIComponent(id)}`;
  link.textContent = id;
  const item = document.createElement("li");
  item.append(link);
  element("recent-list").append(item);
}

/** Not filled yet: its tab does not show. */
export class RunsPanel {
  title = "Runs";
  isEmpty = true;
}

/** Not filled yet: its tab does not show. */
export class HistoryPanel {
  title = "History";
  isEmpty = true;
}

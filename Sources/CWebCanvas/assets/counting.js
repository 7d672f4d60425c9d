/** "1 node", "2 nodes". */
export const counted = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

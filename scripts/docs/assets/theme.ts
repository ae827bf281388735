/** Runs before anything is painted: what the reader chose, or what the system prefers. In: a note of the last choice. */
const choice = (() => {
  try {
    return localStorage.getItem('reeve-theme');
  } catch {
    // Some browsers keep nothing for pages from a disk.
    return null;
  }
})();
if (choice === 'dark' || choice === 'light') document.documentElement.dataset.theme = choice;
document.documentElement.classList.add('scripted');

export {};

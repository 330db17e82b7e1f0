// What pages do beside what HTML does: search as one types, copy buttons, "/" for the search. All of it may be missing.
"use strict";

const field = document.getElementById("q");
const live = document.getElementById("status");

/** Tells who does not see the page what has happened on it. */
const tell = (words) => { if (live) live.textContent = words; };

// "/" goes to the search field, unless something is being typed.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey || !field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

// Browsers trust pages with their clipboard on this machine and over HTTPS; elsewhere a page copies what it has selected.
const copy = async (source) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(source.innerText.trim());
  getSelection().selectAllChildren(source);
  if (!document.execCommand("copy")) throw new Error("it was not copied");
  return getSelection().removeAllRanges();
};

// Copy buttons are of no use without a script, and hidden then.
for (const button of document.querySelectorAll("button.copy[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  if (!source) continue;
  button.hidden = false;
  const word = button.textContent;
  let timer = 0;
  button.addEventListener("click", async () => {
    clearTimeout(timer);
    try {
      await copy(source);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it, and copy";
    }
    clearTimeout(timer);
    tell(button.textContent);
    timer = setTimeout(() => {
      button.textContent = word;
      tell("");
    }, 1500);
  });
}

// On a list of packages, the list follows what is typed: the same page is fetched, and its list taken out of it.
const results = document.getElementById("results");
if (field && results) {
  let timer = 0;
  let asked = null;
  // What is on the list is not what was typed for, and stays beside a word of that.
  const fail = (why) => {
    const words = `${why}: this is the list of before. Press Enter to try again.`;
    const error = document.createElement("p");
    error.className = "error";
    error.id = "failed";
    error.textContent = words;
    document.getElementById("failed")?.remove();
    results.prepend(error);
    tell(words);
  };
  const show = async () => {
    asked?.abort();
    asked = new AbortController();
    const url = new URL(field.form.action);
    for (const [name, value] of new FormData(field.form)) if (value) url.searchParams.set(name, value);
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" }, signal: asked.signal });
      if (!answer.ok && answer.status !== 400) return fail(`The search was answered with an error (${answer.status})`);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = page.getElementById("results");
      const tabs = page.querySelector(".tabs");
      if (!found) return fail("The search was answered with another page");
      tell(found.querySelector("caption, .note, .error")?.textContent ?? "");
      if (tabs) document.querySelector(".tabs")?.replaceWith(tabs);
      results.replaceChildren(...found.childNodes);
      history.replaceState(null, "", url);
    } catch (error) {
      // Another letter came: what is found for that is shown.
      if (error.name !== "AbortError") fail("The registry cannot be reached");
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 150);
  });
}

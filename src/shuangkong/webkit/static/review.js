// The review of a document: keys, words and entries that light each other up, and words that are selected to be added.
// Without this file every step has its button or link, and words are typed into the form.
(() => {
  "use strict";
  const reading = document.querySelector(".reading");
  if (!reading) return;
  const entries = [...reading.querySelectorAll(".entry")];
  const keys = document.getElementById("keys");
  if (keys) keys.hidden = false;

  /* light up */
  const litOf = (id) => [...reading.querySelectorAll(".lit")].filter((a) => a.dataset.entries.split(" ").includes(id));
  const light = (id, on) => {
    for (const a of litOf(id)) a.classList.toggle("on", on);
  };
  for (const entry of entries) {
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focusin", true], ["focusout", false]]) {
      entry.addEventListener(event, () => light(entry.dataset.entry, on));
    }
  }
  for (const a of reading.querySelectorAll(".lit")) {
    for (const [event, on] of [["mouseenter", true], ["mouseleave", false], ["focus", true], ["blur", false]]) {
      a.addEventListener(event, () => {
        for (const id of a.dataset.entries.split(" ")) document.getElementById(`e-${id}`)?.classList.toggle("on", on);
      });
    }
  }

  /* keys: as on a list, from the entry that has the focus */
  const current = () => document.activeElement?.closest?.(".entry") || document.querySelector(".entry:target");
  const go = (entry) => {
    if (!entry) return;
    entry.focus({ preventScroll: true });
    entry.scrollIntoView({ block: "center" });
  };
  const step = (by) => {
    const at = entries.indexOf(current());
    go(entries[at < 0 ? 0 : Math.min(entries.length - 1, Math.max(0, at + by))]);
  };
  const open = () => {
    const at = entries.indexOf(current());
    const next = [...entries.slice(at + 1), ...entries.slice(0, at + 1)].find((e) => e.classList.contains("st-candidate"));
    if (next) go(next); else document.getElementById("next-open")?.click();
  };
  const act = (key) => {
    const control = current()?.querySelector(`[data-key="${key}"]`);
    if (!control) return false;
    if (key === "r") {
      control.parentElement.open = true;
      control.parentElement.querySelector("input[name=reason]").focus();
    } else {
      control.click();
    }
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const does = { j: () => step(1), k: () => step(-1), n: open };
    if (does[event.key]) does[event.key](); else if (!["a", "e", "r", "u"].includes(event.key) || !act(event.key)) return;
    event.preventDefault();
  });
  const aimed = location.hash.startsWith("#e-") ? document.getElementById(location.hash.slice(1)) : null;
  if (aimed) go(aimed);

  /* words that are selected in one clause are offered to be added */
  const pick = document.getElementById("pick");
  const signs = (text) => text.replace(/\s/g, "").length;
  const offer = () => {
    const chosen = document.getSelection();
    const inside = (node) => (node?.nodeType === 1 ? node : node?.parentElement)?.closest(".said[data-clause]");
    const said = chosen && !chosen.isCollapsed ? inside(chosen.anchorNode) : null;
    const words = said && said === inside(chosen.focusNode) ? chosen.toString().trim() : "";
    pick.hidden = !words || words.length > 1000;
    if (pick.hidden) return;
    const range = chosen.getRangeAt(0).cloneRange();
    range.setStart(said, 0);
    const until = signs(range.toString());
    const query = new URLSearchParams({
      part: said.dataset.part, clause: said.dataset.clause, quote: words, near: Math.max(0, until - signs(words)), back: reading.dataset.back,
    });
    pick.querySelector("a").href = `${reading.dataset.add}?${query}`;
  };
  if (pick && reading.dataset.add) document.addEventListener("selectionchange", offer);
})();

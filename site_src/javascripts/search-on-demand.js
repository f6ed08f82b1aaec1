// The theme fetches the whole search index with every page. Here that request waits until a reader turns to the search,
// so that a page costs what it shows.
(() => {
  const { open, send } = XMLHttpRequest.prototype;
  const waiting = new WeakSet();
  const isField = (node) => node instanceof Element && node.matches("[data-md-component=search-query]");
  const turned = new Promise((resolve) => {
    if (isField(document.activeElement) || new URLSearchParams(location.search).has("q")) resolve();
    document.addEventListener("focusin", (event) => isField(event.target) && resolve());
  });
  XMLHttpRequest.prototype.open = function (method, address, ...rest) {
    if (String(address).endsWith("/search/search_index.json")) waiting.add(this);
    return open.call(this, method, address, ...rest);
  };
  XMLHttpRequest.prototype.send = function (body) {
    if (waiting.has(this)) turned.then(() => send.call(this, body));
    else send.call(this, body);
  };
})();
// On a phone the theme puts the page back where it stood when the search closes. If the keyboard has gone on meanwhile,
// what it reached comes into sight again.
document.addEventListener("change", ({ target }) => {
  if (target.id !== "__search" || target.checked) return;
  setTimeout(() => document.activeElement?.scrollIntoView({ block: "nearest" }), 250);
});

// Turns a static chart into an interactive one when a reader asks for it. Everything is fetched from this site.
(() => {
  const root = new URL("..", document.currentScript.src);
  const NARROW = window.matchMedia("(max-width: 44em)");
  let vega;

  const load = () => {
    vega ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL("assets/vega.js", root);
      script.type = "module";
      script.onload = () => resolve(window.vegaEmbed);
      script.onerror = () => {
        vega = undefined;
        reject(new Error("the chart library could not be loaded"));
      };
      document.head.append(script);
    });
    return vega;
  };

  const activate = async (figure, button) => {
    const drawing = figure.querySelector(".drawing");
    button.disabled = true;
    button.textContent = "Loading…";
    try {
      const [embed, answer] = await Promise.all([
        load(),
        fetch(new URL(figure.dataset.specification, root)),
      ]);
      if (!answer.ok) throw new Error(`${answer.status}`);
      const specifications = await answer.json();
      const stage = document.createElement("div");
      stage.className = "interactive";
      drawing.after(stage);
      await embed(stage, specifications[NARROW.matches ? "narrow" : "wide"], {
        actions: false,
        // Expressions are interpreted, not compiled: the security policy allows no eval.
        ast: true,
        renderer: "svg",
        tooltip: { theme: "custom" },
      });
      // The drawing it takes the place of keeps its words, which are read though it is hidden.
      for (const attribute of ["role", "aria-labelledby"]) {
        stage.querySelector("svg").setAttribute(attribute, drawing.querySelector("svg").getAttribute(attribute));
      }
      drawing.hidden = true;
      button.remove();
    } catch {
      figure.querySelector(".interactive")?.remove();
      button.disabled = false;
      button.textContent = "The interactive chart could not be loaded. Try again";
    }
  };

  for (const figure of document.querySelectorAll("figure[data-specification]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "make-interactive";
    button.textContent = "Explore this chart";
    button.addEventListener("click", () => activate(figure, button));
    figure.querySelector(".drawing").after(button);
  }
})();

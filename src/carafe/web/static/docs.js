// Loads the OpenAPI document, with a key where one is needed, and shows it. The key is kept in this page only.
"use strict";
(() => {
  const entrance = document.getElementById("entrance");
  const field = document.getElementById("key");
  const story = document.getElementById("story");

  function show(document_, key) {
    entrance.hidden = true;
    const page = window.SwaggerUIBundle({
      spec: document_,
      dom_id: "#docs",
      presets: [window.SwaggerUIBundle.presets.apis],
      layout: "BaseLayout",
      deepLinking: true,
      docExpansion: "list",
      validatorUrl: null,
      onComplete: () => key && page.preauthorizeApiKey("key", key),
    });
  }

  async function load(key) {
    const answer = await fetch("openapi.json", { headers: key ? { "X-API-Key": key } : {} });
    const body = await answer.json();
    if (answer.ok) return show(body, key);
    entrance.hidden = false;
    story.textContent = key ? `${body.title}. ${body.detail}` : "";
    field.focus();
  }

  function attempt(key) {
    load(key).catch((error) => {
      entrance.hidden = false;
      story.textContent = `The document can't be loaded: ${error.message}`;
    });
  }

  entrance.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(field.value.trim());
  });
  attempt("");
})();

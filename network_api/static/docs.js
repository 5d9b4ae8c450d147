/* Swagger UI, with what it lacks for people who do not see its page, or work by keyboard (its colours: docs.css). */
const forEverybody = ({ React: { createElement, Fragment } }) => ({
  components: {
    DeepLink: ({ text }) => createElement("span", null, text), // a link inside the button that opens a call
    ServersContainer: () => null, // a choice of one, without a name
  },
  wrapComponents: {
    InfoContainer: (Info) => (given) => createElement("section", { "aria-label": "About" }, createElement(Info, given)),
    operations: (Operations) => (given) =>
      createElement(Fragment, null, createElement("h2", { className: "calls" }, "Calls"), createElement(Operations, given)),
    Webhooks: (Webhooks) => (given) => // what follows begins with a heading of the fourth level
      createElement(Fragment, null, createElement(Webhooks, given), createElement("h3", { className: "calls" }, "What they carry")),
  },
});

window.ui = SwaggerUIBundle({
  url: "/api/v1/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  tagsSorter: (one, other) => (one === "webhooks") - (other === "webhooks"), // to sign in comes first
  plugins: [forEverybody],
});

import { Greeter, glue } from "./generated/index.js";

const greeter = new Greeter(glue());
const form = document.querySelector("form");
const output = document.querySelector("output");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = new FormData(form).get("name");
  output.textContent = await greeter.greet(name);
  for await (const number of greeter.countdown(3)) output.textContent += ` ${number}`;
});

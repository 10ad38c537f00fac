// Lets the editor bring its styles although the content security policy allows no style elements.
import { StyleModule } from "style-mod";

let done = false;

/**
 * style-mod has two ways: a style element, which the policy blocks, and a constructed style sheet, which it
 * allows and which style-mod keeps for shadow roots. It tells them apart by `head`, once for each document.
 */
export function adoptSheets() {
  if (done || !("adoptedStyleSheets" in document)) return;
  done = true;
  Object.defineProperty(document, "head", { value: null, configurable: true });
  try {
    StyleModule.mount(document, []);
  } finally {
    // What was hidden is the getter of the prototype.
    Reflect.deleteProperty(document, "head");
  }
}

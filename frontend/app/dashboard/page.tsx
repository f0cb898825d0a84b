/** The dashboard has two addresses: `/` and `/dashboard`. */
export { default } from "../page";

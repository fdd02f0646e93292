// The list: what the page before left to say.

import { news } from "./knowledge.js";

news.show();

// The guide's last step, which may be heard in this browser, too.
import "../listen.js";
import "./guide.js";

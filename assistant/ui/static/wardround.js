// Loaded once on every page. Each view is a custom element in a file of its own; the page's HTML only names it.
import "./wr_ecg.js";
import "./incoming.js";
import "./leaving.js";
import "./opening.js";
import "./rejoin.js";
import "./reading.js";
import "./upload_names.js";
import "./wr_image.js";
import "./wr_opinion.js";
import "./wr_camera.js";

/**
 * Pictures for people: contact sheets, charts, the report of a run, and the window that shows a training in progress or
 * tries a model.
 */
package daegpu.preview;

"""The loop over melts: walks driven by an ensemble, and which of their frames are labelled."""

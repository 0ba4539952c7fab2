"""The MedFlow backend of the lab: answers as the real one does, lies included."""

"""The converter and the host runtime behind one small interface. Calls tools, knows no stage."""

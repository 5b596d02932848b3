"""Figures as pictures and pages: plain data in, SVG and one self-contained HTML file out."""

"""Pages and charts for people: one HTML file with inline SVG, no script and nothing from elsewhere; charts as text."""
